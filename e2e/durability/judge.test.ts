import { describe, expect, it } from "vitest";
import { judge, type Evidence } from "./judge.ts";

const sound: Evidence = {
  journal: [
    ...["life", "connected", "attempted 0", "attempted 1", "stored 0", "stored 1", "handled 2", "handled 3"],
    ...["life", "connected", "handled 2", "recorded 2", "handled 3", "drained"],
  ],
  received: [1, 0, 1],
  sent: [2, 3],
};

describe("the judge of what became of messages", () => {
  it("has nothing to say against what is allowed", () => {
    expect(judge(sound)).toEqual({
      ...{ faults: [], stored: 2, received: 2, handled: 2 },
      ...{ doubled: { out: 1, in: 1 }, handledAgain: 1 },
    });
  });

  it.each<[string, Partial<Evidence>, string]>([
    ["a message that was stored and is lost", { received: [1] }, "0 was stored, and is lost"],
    ["a QoS 2 message that came twice", { received: [0, 1, 0] }, "0 was received 2 times at QoS 2"],
    ["a message from nowhere", { received: [0, 1, 7] }, "7 was received, and never published"],
    ["a message that was never handled", { sent: [2, 3, 4] }, "4 was sent, and never handled"],
    [
      "a message that was done, and handled again",
      { journal: [...sound.journal, "life", "handled 2"] },
      "2 was handled after it had been recorded as done",
    ],
    [
      "a QoS 2 message that was handled twice in one life",
      { journal: ["life", "handled 6", "handled 6", ...sound.journal] },
      "6 was handled twice in one life",
    ],
    [
      "a client that was never done",
      { journal: sound.journal.slice(0, -1) },
      "what was under way at the end never came to an end",
    ],
  ])("finds %s", (_, evidence, fault) => {
    expect(judge({ ...sound, ...evidence }).faults).toEqual([fault]);
  });

  it("takes a message whose attempt the journal may have missed", () => {
    expect(judge({ ...sound, received: [0, 1, 7], isIncomplete: true }).faults).toEqual([]);
  });
});
