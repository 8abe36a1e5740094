// What a change will do, as the server works it out from the figures of now (POST .../preview), in the reader's words.
import { el } from '../dom.js';
import { t } from '../text.js';
import { eventPath, post } from './api.js';

export const preview = (event, change) => post(eventPath(event, '/preview'), change);

// Values are numbers; minutes and rates have at most one decimal.
const round = (value) => (typeof value === 'number' && value < 100 ? Math.round(value * 10) / 10 : value);
const rounded = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]));

const sentence = ({ code, values, text }) => t(`effect.${code}`, rounded(values ?? {})) || text;

export const effectList = ({ effects, can_undo: canUndo }) => el('ul', { class: 'effects' }, ...effects.map((effect) => el('li', {}, sentence(effect))),
  canUndo === false ? el('li', { class: 'final' }, t('effect.final')) : null);
