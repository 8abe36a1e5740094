// The hall as a heat map: the plan cut into squares, each as dark as the share of its seats that has gone. Standing areas
// are one square each. Numbers are in the table beside it; this is the picture.
import { el } from '../dom.js';
import { FREE, NOT_FOR_SALE } from '../plan.js';

const SQUARE_PX = 9;
const HEIGHT_PX = 300;
const MARGIN_PX = 12;
const SHARE_FLOOR = 0.14; // untouched seats can still be seen

const darkScheme = matchMedia('(prefers-color-scheme: dark)');

export class Heat {
  #plan; #canvas = el('canvas', { class: 'heat', role: 'img' }); #isDue = false; #onScheme = () => this.redraw();

  constructor(plan) {
    this.#plan = plan;
    this.node = this.#canvas;
    new ResizeObserver(() => this.redraw()).observe(this.#canvas);
    darkScheme.addEventListener('change', this.#onScheme);
  }

  close() {
    darkScheme.removeEventListener('change', this.#onScheme);
  }

  describe(text) {
    this.#canvas.setAttribute('aria-label', text);
  }

  redraw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    const width = this.#canvas.clientWidth;
    if (!width) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(HEIGHT_PX * ratio);
    const pen = this.#canvas.getContext('2d');
    const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, HEIGHT_PX);
    const { left, top, right, bottom } = this.#plan.box;
    const scale = Math.min((width - 2 * MARGIN_PX) / Math.max(1, right - left), (HEIGHT_PX - 2 * MARGIN_PX) / Math.max(1, bottom - top), 3);
    const place = { scale, x: width / 2 - (scale * (left + right)) / 2, y: HEIGHT_PX / 2 - (scale * (top + bottom)) / 2 };
    this.#drawShapes(pen, place, color('--rule'));
    pen.fillStyle = color('--accent');
    for (const [key, { gone, all }] of this.#squares(place)) {
      pen.globalAlpha = SHARE_FLOOR + (1 - SHARE_FLOOR) * (gone / all);
      pen.fillRect((key % 4096) * SQUARE_PX, Math.floor(key / 4096) * SQUARE_PX, SQUARE_PX - 1, SQUARE_PX - 1);
    }
    for (const area of this.#plan.areas) {
      pen.globalAlpha = SHARE_FLOOR + (1 - SHARE_FLOOR) * (1 - this.#plan.areaFree(area) / Math.max(1, area.capacity));
      pen.fillRect(place.x + scale * area.x, place.y + scale * area.y, scale * area.width, scale * area.height);
    }
    pen.globalAlpha = 1;
  }

  // Square (column + 4096 * line) -> how many of its seats are gone.
  #squares({ scale, x: offsetX, y: offsetY }) {
    const { count, x, y, states, rowOf } = this.#plan;
    const squares = new Map();
    for (let seat = 0; seat < count; seat++) {
      if (rowOf[seat] < 0 || Number.isNaN(x[seat]) || states[seat] === NOT_FOR_SALE) continue;
      const key = Math.floor((offsetX + scale * x[seat]) / SQUARE_PX) + 4096 * Math.floor((offsetY + scale * y[seat]) / SQUARE_PX);
      const square = squares.get(key) ?? { gone: 0, all: 0 };
      square.all++;
      square.gone += states[seat] !== FREE;
      squares.set(key, square);
    }
    return squares;
  }

  #drawShapes(pen, { scale, x, y }, color) {
    pen.fillStyle = color;
    for (const shape of this.#plan.shapes) {
      if (shape.kind === 'text') continue;
      const [halfX, halfY] = [(shape.width * scale) / 2, (shape.height * scale) / 2];
      pen.save();
      pen.translate(x + scale * shape.x + halfX, y + scale * shape.y + halfY);
      pen.rotate((shape.rotation * Math.PI) / 180);
      pen.beginPath();
      if (shape.kind === 'ellipse') pen.ellipse(0, 0, Math.abs(halfX), Math.abs(halfY), 0, 0, 2 * Math.PI);
      else pen.rect(-halfX, -halfY, 2 * halfX, 2 * halfY);
      pen.fill();
      pen.restore();
    }
  }
}
