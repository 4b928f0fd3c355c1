import { MqttClient, StoreError, type SessionRecord } from "@rivulet/engine";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connected } from "../../engine/testing/client-harness.ts";
import { VirtualEnvironment } from "../../engine/testing/virtual-environment.ts";
import { diskSessionStore, restoreSessionFile, saveSessionFile } from "./disk-store.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "rivulet-session-file-"));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

const newClient = (): MqttClient =>
  new MqttClient("mem://server", { clientId: "kitchen", transports: [], environment: new VirtualEnvironment() });

function filled(...topics: string[]): MqttClient {
  const client = newClient();
  for (const topic of topics) void client.publish(topic, "payload", { qos: 1 });
  return client;
}

test("a session goes through a file, which is replaced as a whole", async () => {
  const path = join(await mkdtemp(join(root, "a-")), "session");
  for (const topics of [["a", "b", "c"], ["d"], []]) {
    await saveSessionFile(filled(...topics), path);
    const client = newClient();
    await restoreSessionFile(client, path);
    const packets = client.exportSession().records as readonly (SessionRecord & { packet: { topicName: string } })[];
    expect(packets.map(({ packet }) => packet.topicName)).toEqual(topics);
  }
  expect(await readdir(join(path, ".."))).toEqual(["session"]);
});

test("a file that is missing, or none of ours, is a StoreError that names it", async () => {
  const path = join(root, "missing");
  await expect(restoreSessionFile(newClient(), path)).rejects.toThrow(`The file ${path} cannot be read: ENOENT`);
  await writeFile(path, "something else");
  await expect(restoreSessionFile(newClient(), path)).rejects.toThrow(StoreError);
  await expect(saveSessionFile(newClient(), join(root, "no", "file"))).rejects.toThrow(StoreError);
});

test("a client keeps its session on disk, and the next process has it", async () => {
  const options = { clientId: "kitchen", sessionExpiryInterval: 60, reconnect: false } as const;
  const directory = join(root, "store");
  const first = await diskSessionStore({ directory });
  const before = await connected({ options: { ...options, session: first }, answers: { publish: () => [] } });
  await before.client.publish("a", "1", { qos: 2, until: "stored" });
  await before.client.publish("b", "2", { qos: 1, until: "stored" });
  before.client.close();
  await first.close();

  await using second = await diskSessionStore({ directory });
  const answers = { connect: () => [{ type: "connack", sessionPresent: true } as const] };
  const after = await connected({ options: { ...options, session: second }, answers });
  await after.server.expect("publish", 2);
  expect(after.server.all("publish")).toMatchObject([
    { topicName: "a", qos: 2, duplicate: true },
    { topicName: "b", qos: 1, duplicate: true },
  ]);
  after.client.close();
});
