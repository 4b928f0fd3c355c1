/** Run by Deno; see the README. */
import assert from "node:assert/strict";
import { MqttClient } from "rivulet";
import { diskSessionStore, restoreSessionFile, saveSessionFile } from "rivulet/disk-store";
import { sessionStoreScenarios, type SessionStoreHarness } from "../../engine/testing/session-store-contract.ts";

const root = Deno.makeTempDirSync();

for (const durability of ["strict", "relaxed"] as const) {
  const harness: SessionStoreHarness = {
    isDurable: true,
    isShared: false,
    unfit: Symbol("that MessagePack does not know"),
    open: (place) => diskSessionStore({ directory: `${root}/${durability}/${place}`, durability }),
  };
  for (const scenario of sessionStoreScenarios.filter((one) => one.applies(harness))) {
    Deno.test(`the contract of session stores, on disk, ${durability} > ${scenario.name}`, () =>
      scenario.run(harness, assert),
    );
  }
}

/** What another process prints that opens the store of a directory. */
async function openElsewhere(directory: string, permissions: readonly string[]): Promise<string> {
  const code = `
    import { diskSessionStore } from "rivulet/disk-store";
    const opening = diskSessionStore({ directory: ${JSON.stringify(directory)} });
    await opening.then((store) => store.close(), (error) => console.log(error.name + ": " + error.message));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, "--no-prompt", "--no-check", "--no-lock", "--conditions=@rivulet/source", "-"],
    cwd: import.meta.dirname ?? ".",
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

Deno.test("a disk store > is refused while another process has it", async () => {
  const directory = `${root}/locked`;
  const store = await diskSessionStore({ directory });
  assert.match(await openElsewhere(directory, ["--allow-all"]), /^StoreError: .* is in use by another process/);
  await store.close();
  assert.equal(await openElsewhere(directory, ["--allow-all"]), "");
});

Deno.test("a disk store > says which permissions it needs", async () => {
  const few = ["--allow-read", "--allow-write", "--allow-env"];
  const said = await openElsewhere(`${root}/refused`, few);
  assert.match(said, /^UnsupportedError: The disk store needs the permissions --allow-ffi and --allow-env/);
  assert.equal(await openElsewhere(`${root}/allowed`, [...few, "--allow-ffi"]), "");
});

Deno.test("a session file > is replaced as a whole", async () => {
  const path = `${root}/session`;
  for (const topics of [["a", "b"], ["c"]]) {
    const before = new MqttClient("mqtt://broker.example", { clientId: "kitchen" });
    for (const topic of topics) before.publish(topic, "", { qos: 1 }).catch(() => undefined);
    await saveSessionFile(before, path);
    const after = new MqttClient("mqtt://broker.example", { clientId: "kitchen" });
    await restoreSessionFile(after, path);
    assert.equal(after.exportSession().records.length, topics.length);
    for (const client of [before, after]) client.close();
  }
});

globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));
