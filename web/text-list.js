// The words of the list of events.
import { addTexts } from './text.js';

addTexts({
  'site.noEvents': 'Nothing is on sale',
  'site.noEventsHint': 'When a sale is announced, it appears here.',
  'site.events': 'On sale',
  'site.error': 'The list could not be loaded.',
  'site.retry': 'Try again',
});
