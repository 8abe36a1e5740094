// The time that is left, drawn each second and said aloud at five, two and one minutes; and that it stands still, when it does.
import * as clock from './clock.js';
import { announce, setText } from './dom.js';
import { timer } from './format.js';
import { t } from './text.js';

const MINUTE_MS = 60000;
const marks = [[1, 'timer.one'], [2, 'timer.two'], [5, 'timer.five']];

export class TimeLeft {
  #node; #said = Infinity; #isFrozen = false;

  constructor(node) {
    this.#node = node;
  }

  // A new countdown starts: what is already below a mark is not said again.
  start(deadlineMs) {
    const minutes = clock.leftMs(deadlineMs) / MINUTE_MS;
    this.#said = marks.find(([mark]) => minutes <= mark)?.[0] ?? Infinity;
    this.draw(deadlineMs);
  }

  // frozenMs: time stands still with so much of it left.
  draw(deadlineMs, frozenMs) {
    const isFrozen = frozenMs !== undefined;
    const left = frozenMs ?? clock.leftMs(deadlineMs);
    setText(this.#node, t(isFrozen ? 'seats.leftFrozen' : 'seats.left', { time: timer(left) }));
    if (isFrozen && !this.#isFrozen) announce(t('timer.frozen'));
    this.#isFrozen = isFrozen;
    this.#node.classList.toggle('urgent', left < MINUTE_MS);
    const mark = marks.find(([minutes]) => left <= minutes * MINUTE_MS);
    if (mark && mark[0] < this.#said) {
      this.#said = mark[0];
      announce(t(mark[1]));
    }
  }
}
