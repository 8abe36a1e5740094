// The words of the list of events, and what phases are called there and at the organizer's.
import { addTexts } from './text.js';

addTexts({
  'site.noEvents': 'Nothing is on sale',
  'site.noEventsHint': 'When a sale is announced, it appears here.',
  'site.events': 'On sale',
  'site.error': 'The list could not be loaded.',
  'site.retry': 'Try again',
  'phase.draft': 'Draft',
  'phase.announced': 'Announced',
  'phase.prequeue': 'Line is open',
  'phase.sold_out': 'Sold out',
  'phase.closed': 'Closed',
});
