// For those who want to be told when their turn comes: two soft tones, and a notification if the browser may show one.
import { $, announce, setText } from './dom.js';
import { need, t } from './text.js';

await need('more');

const TONES_HZ = [523, 659];
const TONE_S = 0.35;

function play(audio) {
  TONES_HZ.forEach((hz, at) => {
    const from = audio.currentTime + at * TONE_S;
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = hz;
    volume.gain.setValueAtTime(0.0001, from);
    volume.gain.exponentialRampToValueAtTime(0.2, from + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, from + TONE_S);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + TONE_S);
  });
}

// Phones show notifications only to sites that are installed: then the tones remain.
function notify(title, body) {
  try {
    if (globalThis.Notification?.permission === 'granted') new Notification(title, { body, tag: 'stanchion-turn' }).onclick = () => window.focus();
  } catch { /* not here */ }
}

// Called by a press of the button, without which browsers allow neither. From then on visit.ring() does it.
export async function arm(visit) {
  const audio = globalThis.AudioContext && new AudioContext();
  audio?.resume();
  visit.ring = (title, body) => {
    if (audio) play(audio);
    notify(title, body);
  };
  $('bell').setAttribute('aria-pressed', 'true');
  setText($('bell'), t('more.bellOn'));
  const answer = await globalThis.Notification?.requestPermission();
  announce(t(answer === 'granted' ? 'more.bellBoth' : 'more.bellSound'));
}
