import { afterEach, beforeEach, describe } from 'vitest';
import { testBreaks } from './bus-breaks.ts';
import { testBuckets } from './bus-buckets.ts';
import { testFeeds } from './bus-feeds.ts';
import { testMessages } from './bus-messages.ts';
import type { BusWorld } from './bus-stage.ts';
import { BusStage } from './bus-stage.ts';

/** What every Bus does, whatever carries it; beside it, bus-calls.ts. */
export function describeBus(name: string, open: () => Promise<BusWorld>): void {
  describe(`bus conformance: ${name}`, () => {
    const stage = new BusStage(open);
    beforeEach(() => stage.set());
    afterEach(() => stage.strike());

    testMessages(stage);
    testFeeds(stage);
    testBuckets(stage);
    testBreaks(stage);
  });
}
