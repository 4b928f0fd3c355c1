import { checkNumbers, end, publishNumbers } from "./exchanges.ts";
import { equal, ok } from "./expect.ts";
import { Gathering } from "./gathering.ts";
import type { Scenario } from "./scenario.ts";

export const sharing: readonly Scenario[] = [
  {
    name: "subscribe: shared by two clients",
    // Not in the standard before 5.0, but mosquitto does it.
    async run({ connect, topic }) {
      const [sender, ...sharers] = await Promise.all([connect(), connect(), connect()]);
      const all = new Gathering();
      const each = await Promise.all(
        sharers.map(async (client) => {
          const got = new Gathering();
          await client.subscribe(`$share/group/${topic}/work`, { qos: 2 }, (message) => {
            got.add(message);
            all.add(message);
          });
          await client.subscribe(`${topic}/end`, { qos: 2 }, got.add);
          return got;
        }),
      );
      await publishNumbers(sender, { topic: `${topic}/work`, to: 200 });
      await all.reaches(200);
      await sender.publish(`${topic}/end`, end, { qos: 2 });
      await Promise.all(each.map((got) => got.includes(end)));
      equal(all.texts.length, 200, "messages, repeated ones included");
      const shares = each.map(({ size }) => size - 1);
      ok(
        shares.every((share) => share > 0),
        `One of the clients got everything: ${shares.join(", ")}`,
      );
      all.texts.sort((one, other) => Number(one) - Number(other));
      checkNumbers(all, 200);
    },
  },
];
