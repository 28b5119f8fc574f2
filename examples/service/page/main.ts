import { App } from '../app.js';
import { play } from '../play.js';
import { SCENES, type Scene, type Stage } from '../scenes.js';
import type { Entry } from '../step.js';
import { element, elementWithId } from './element.js';
import { remoteOutside } from './remote-outside.js';
import { Sequence, summaryOf } from './sequence.js';

/** The client keeps the key identifier here, so the app keeps its key after a reload of the page. */
const storage = {
  get: async (name: string) => localStorage.getItem(name),
  set: async (name: string, value: string) => localStorage.setItem(name, value),
  remove: async (name: string) => localStorage.removeItem(name),
};

const { service }: Record<string, unknown> = Object(await (await fetch('/settings')).json());
const origin = String(service);
const app = new App(origin, remoteOutside.plugin('phone'), { storage });
const stage: Stage = { app, origin, outside: remoteOutside };
const status = elementWithId('status');
const buttons = SCENES.map((scene) => buttonOf(scene));

const sequence = new Sequence(elementWithId('played'));
new EventSource('/steps').addEventListener('message', ({ data }) => {
  const entry: Entry = JSON.parse(data);
  sequence.draw(entry);
});

function buttonOf(scene: Scene): HTMLButtonElement {
  const button = element('button', '', scene.title);
  button.type = 'button';
  const answer = element('span', 'answer');
  button.addEventListener('click', () => run(scene, answer));
  const list = elementWithId(scene.by === 'attacker' ? 'attack-scenes' : 'app-scenes');
  list.append(element('li', '', button, answer));
  return button;
}

/** Scenes run one after another, so that their steps do not mix. */
async function run(scene: Scene, answer: HTMLElement): Promise<void> {
  for (const button of buttons) button.disabled = true;
  status.textContent = `${scene.title} …`;
  try {
    const { status: code, body, isExpected } = await play(scene, stage);
    answer.textContent = summaryOf(code, body);
    answer.className = `answer ${isExpected ? 'expected' : 'unexpected'}`;
    status.textContent = `${scene.title}. ${answer.textContent}`;
  } catch (error) {
    status.textContent = `The scene failed: ${String(error)}`;
  }
  for (const button of buttons) button.disabled = false;
}
