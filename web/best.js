// "The best seats for us": how many people, how many places for wheelchairs, one button. The price that is pressed
// beside the map narrows the question. Which seats these are is the server's choice.
import { $, setText, show } from './dom.js';
import { Stepper } from './stepper.js';
import { t } from './text.js';

const PEOPLE_FIRST = 2;

export class BestForm {
  #plan; #room = -1; #wish = PEOPLE_FIRST; #only = null; #people; #wheelchairs;

  // onAsk(request): what `hold` is asked for.
  constructor(plan, onAsk) {
    this.#plan = plan;
    this.#people = new Stepper({ label: t('best.people'), less: t('best.less'), more: t('best.more'),
      text: (n) => t('best.count', { n }), onChange: (n) => this.#wishFor(n) });
    this.#wheelchairs = new Stepper({ label: t('best.wheelchairs'), less: t('best.lessWheelchairs'), more: t('best.moreWheelchairs') });
    $('best-people').replaceChildren(this.#people.node);
    $('best-wheelchairs').replaceChildren(this.#wheelchairs.node);
    show($('best-more'), plan.hasAccessible);
    $('best').onsubmit = (event) => {
      event.preventDefault();
      onAsk(this.#request());
    };
  }

  // So many seats may still be taken.
  setRoom(room) {
    this.#room = room;
    this.#draw();
  }

  // A category's index, or null for any.
  setOnly(category) {
    this.#only = category;
    this.#draw();
  }

  #wishFor(n) {
    this.#wish = n;
    this.#draw();
  }

  #draw() {
    this.#people.setRange(1, Math.max(1, this.#room), this.#wish);
    const n = this.#people.value;
    this.#wheelchairs.setRange(0, n);
    const category = this.#plan.categories[this.#only]?.name;
    const inCategory = () => t(this.#area() < 0 ? 'best.goIn' : 'best.goArea', { n, category });
    setText($('best-go'), category === undefined ? t('best.go', { n }) : inCategory());
    $('best-go').setAttribute('aria-disabled', String(this.#room < 1)); // pressing it says why
  }

  #area() {
    return this.#plan.areaInsteadOfSeats(this.#only);
  }

  // Standing places are not chosen but counted.
  #request() {
    const count = this.#people.value;
    const area = this.#area();
    if (area >= 0) return { area, count };
    return { best: { count, accessible: this.#wheelchairs.value, ...(this.#only === null ? {} : { category: this.#only }) } };
  }
}
