import { describe, expect, it } from "vitest";
import { ModelTarget } from "./model-target.ts";
import { MosquittoTarget } from "./mosquitto-target.ts";
import { replay } from "./replay.ts";
import { scripts } from "./scripts.ts";

describe.concurrent("the model broker does what mosquitto does", () => {
  it.each(scripts)("$name", async (script) => {
    const mosquitto = await MosquittoTarget.start();
    try {
      // The one limit that mosquitto tells and a script comes to.
      const model = new ModelTarget({ topicAliasMaximum: 10 });
      expect(await replay(script, model)).toEqual(await replay(script, mosquitto));
      expect(model.violations).toEqual(script.violations ?? []);
    } finally {
      await mosquitto.stop();
    }
  });
});
