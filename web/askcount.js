// "How many?" in the dialog of the pages.
import { ask } from './ask.js';
import { Stepper } from './stepper.js';
import { t } from './text.js';

// Resolves to a number from 1 to max, or 0 for "never mind".
export async function askCount(text, max, yes, no) {
  const stepper = new Stepper({ label: text, less: t('seats.less'), more: t('seats.more'), moreId: 'ask-more' });
  stepper.setRange(1, max, 1);
  const isYes = await ask(text, yes, no, { focus: max > 1 ? 'ask-more' : 'ask-yes', more: stepper.node });
  return isYes ? stepper.value : 0;
}
