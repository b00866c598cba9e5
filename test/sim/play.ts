import { checkEnding } from './ending.ts';
import type { StoryOptions } from './story.ts';
import { Story } from './story.ts';

/** Plays the story of one seed and checks what may never happen, at each step and at the end. */
export async function play(seed: number, options: StoryOptions = {}): Promise<void> {
  const story = new Story(seed, options);
  try {
    await story.tell();
    await checkEnding(story);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\nseed ${seed} (SIM_FIRST=${seed} SIM_SEEDS=1 npm test -- stories plays it again):\n  ${story.events.join('\n  ')}`, { cause: error });
  }
  // The runner of the tests wants to be heard, too.
  await new Promise((resolve) => setImmediate(resolve));
}
