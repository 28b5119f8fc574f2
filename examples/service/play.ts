import type { Scene, Stage } from './scenes.js';
import type { SceneEnd } from './step.js';

/**
 * Plays a scene, and compares its response with the expected one.
 *
 * @param body The expected body, if it depends on earlier scenes
 */
export async function play({ name, by, title, why, expected, run }: Scene, stage: Stage, body = expected.body) {
  await stage.outside.note({ kind: 'start', scene: name, by, title });
  const answer = await run(stage);
  const isBodyExpected = body === undefined || JSON.stringify(answer.body) === JSON.stringify(body);
  const isExpected = answer.status === expected.status && isBodyExpected;
  const end: SceneEnd = { kind: 'end', scene: name, title, ...answer, isExpected, why };
  await stage.outside.note(end);
  return end;
}
