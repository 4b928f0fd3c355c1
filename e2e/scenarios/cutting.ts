import { checkNumbers, end, publishNumbersInStep, recordArrivals } from "./exchanges.ts";
import { equal } from "./expect.ts";
import type { CutPlan } from "./fault-calls.ts";
import { Gathering } from "./gathering.ts";
import { lastingSession } from "./lasting-session.ts";
import type { Scenario, ScenarioContext } from "./scenario.ts";

/** What a few hundred packets take: those that have a message are longer than their acknowledgements. */
const messages = [6_000, 18_000] as const;
const acknowledgements = [800, 2_400] as const;

const storms: readonly { side: string; isSenderCut: boolean; isReceiverCut: boolean }[] = [
  { side: "publishing side", isSenderCut: true, isReceiverCut: false },
  { side: "receiving side", isSenderCut: false, isReceiverCut: true },
  { side: "both sides", isSenderCut: true, isReceiverCut: true },
];

export const cutting: readonly Scenario[] = storms.map(({ side, isSenderCut, isReceiverCut }, index) => ({
  name: `cut every few hundred packets: ${side}`,
  timeoutMs: 60_000,
  async run(context) {
    const { connect, faults, topic, url } = context;
    const count = countOf(context);
    const cuts = Math.floor(count / 330);
    const through = async (wanted: boolean, plan: CutPlan): Promise<{ url: string; close(): Promise<number> }> =>
      wanted ? await faults.proxy(url, plan) : { url, close: async () => cuts };
    const senderWay = await through(isSenderCut, { seed: index, cuts, up: messages, down: acknowledgements });
    const receiverWay = await through(isReceiverCut, { seed: -index, cuts, up: acknowledgements, down: messages });
    // Before 5.0 it would be 20.
    const options = { maxInflight: 100 };
    const sender = await connect({ ...lastingSession(context, "sender"), ...options }, senderWay.url);
    const receiver = await connect(lastingSession(context, "receiver"), receiverWay.url);
    const got = new Gathering();
    const arrivals = recordArrivals(receiver);
    await receiver.subscribe(topic, { qos: 2 }, got.add);
    await Promise.all([publishNumbersInStep(sender, { topic, got, to: count }), got.reaches(count)]);
    await sender.publish(topic, end, { qos: 2 });
    await got.includes(end);
    checkNumbers(got, count, isReceiverCut ? { order: arrivals } : {});
    await Promise.all([sender.disconnect(), receiver.disconnect()]);
    equal([await senderWay.close(), await receiverWay.close()], [cuts, cuts], "cuts");
  },
}));

/** A tab takes ten times as long as a process does. */
function countOf({ runtime }: ScenarioContext): number {
  return runtime.startsWith("chromium") ? 2_000 : 10_000;
}
