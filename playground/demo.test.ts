import { createServer } from "node:http";

import { expect as expectPage } from "@playwright/test";
import type { Browser } from "@playwright/test";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { listenOnLoopback } from "./server/free-port.ts";
import { everythingShown, launchBrowser, openPage } from "./testing/browser.ts";
import type { WatchedPage } from "./testing/browser.ts";
import { CuttableProxy } from "./testing/cuttable-proxy.ts";
import { DemoProcess, isRunning } from "./testing/demo-process.ts";

const patiently = { timeout: 20_000 };
const phone = { viewport: { width: 375, height: 740 }, isMobile: true, hasTouch: true };
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(() => browser.close());

describe.each([
  { broker: "mosquitto", version: "MQTT 5.0", shownVersion: "MQTT 5.0" },
  { broker: "aedes", version: "MQTT 3.1.1", shownVersion: "MQTT 3.1.1 (5.0 refused)" },
])("the demo with $broker", ({ broker, version, shownVersion }) => {
  let demo: DemoProcess;
  let opened: WatchedPage;

  beforeAll(async () => {
    demo = await DemoProcess.start("--port", "0", "--broker", broker);
    await demo.ready();
    opened = await openPage(browser, demo.printed("Page"));
  });

  afterAll(() => demo.dispose());

  test("prints its addresses, all on loopback, the broker and the version", () => {
    expect(demo.printed("Page")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(demo.printed("Broker")).toMatch(new RegExp(`^${broker} \\d+\\.\\d+\\.\\d+ \\(MQTT`));
    expect(demo.printed("Broker, TCP")).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/);
    expect(demo.printed("Broker, WebSocket")).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
    expect(demo.printed("House")).toMatch(new RegExp(`^${version.replaceAll(".", "\\.")} over TCP`));
  });

  test("the page connects by itself, and says to which broker and with which version", async () => {
    const { page } = opened;
    await expectPage(page.getByRole("status").first()).toHaveText("Connected", patiently);
    await expectPage(page.locator("#fact-broker")).toHaveText(new RegExp(`^${broker} \\d`));
    await expectPage(page.locator("#fact-protocol")).toHaveText(shownVersion);
    await expectPage(page.locator("#fact-address")).toHaveText(demo.printed("Broker, WebSocket"));
  });

  test("shows live values and draws them", async () => {
    const { page } = opened;
    await expectPage(page.locator(".room")).toHaveCount(8, patiently);
    await expectPage(page.locator(".room .lead dd").first()).toHaveText(/^\d+\.\d °C$/);
    await expectPage(page.locator("#legend li")).toHaveCount(8);
    await expectPage(page.locator("#fact-house")).toHaveText(/^\d\d:\d\d, online$/);
    const clock = await page.locator("#fact-house").textContent();
    await expectPage(page.locator("#fact-house")).not.toHaveText(clock ?? "", patiently);
    const drawn = await page.locator("#chart-canvas").evaluate((canvas: HTMLCanvasElement) => {
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      return new Set(new Uint32Array(Uint8ClampedArray.from(pixels).buffer)).size;
    });
    expect(drawn).toBeGreaterThan(8);
  });

  test("draws another metric, and reads its values by keyboard", async () => {
    const { page } = opened;
    await page.getByLabel("Power").check();
    await expectPage(page.locator("#legend li")).toHaveCount(5);
    await expectPage(page.locator("#legend b").first()).toHaveText(/W$/);
    await page.locator("#chart-canvas").focus();
    await page.keyboard.press("ArrowLeft");
    await expectPage(page.locator("#tooltip li").first()).toBeVisible();
    await page.keyboard.press("Escape");
    await expectPage(page.locator("#tooltip")).toBeHidden();
  });

  test.each([0, 1, 2])("publishes at QoS %i from the form, and the message comes back as text", async (qos) => {
    const { page } = opened;
    const payload = `<img src="x" onerror="alert(1)"> at ${qos}`;
    await page.locator("#log-search").fill(`at ${qos}`);
    await page.locator("#publish-payload").fill(payload);
    await page.locator("#publish-qos").selectOption(String(qos));
    await page.getByRole("button", { name: "Publish" }).click();
    await expectPage(page.locator("#publish-result")).toHaveText(qos === 0 ? /^Sent/ : /^Acknowledged/);
    for (const direction of ["sent", "received"]) {
      await expectPage(page.locator(`#log-rows .${direction} .payload`)).toHaveText(payload, patiently);
    }
    expect(await page.locator("#log-rows img").count()).toBe(0);
    await page.locator("#log-search").fill("");
  });

  test("subscribes, counts, and unsubscribes", async () => {
    const { page } = opened;
    await page.locator("#subscribe-filter").fill("garden/+");
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    const row = page.locator("#subscriptions li", { hasText: "garden/+" });
    await expectPage(row).toContainText("QoS 1");
    await page.locator("#publish-topic").fill("garden/gate");
    await page.getByRole("button", { name: "Publish" }).click();
    await expectPage(row).toContainText("1 received", patiently);
    await row.getByRole("button").click();
    await expectPage(row).toHaveCount(0);
    await page.locator("#publish-topic").fill("home/message");
  });

  test("says what is wrong with a filter, a topic or an address", async () => {
    const { page } = opened;
    await page.locator("#subscribe-filter").fill("home/#/x");
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    await expectPage(page.getByRole("alert")).toContainText("home/#/x");
    await page.getByRole("button", { name: "Dismiss" }).click();
    await expectPage(page.getByRole("alert")).toBeHidden();
    await page.locator("#subscribe-filter").fill("");
    await page.locator("#publish-topic").fill("home/+");
    await page.getByRole("button", { name: "Publish" }).click();
    await expectPage(page.locator("#publish-result")).toContainText("home/+");
    await page.locator("#publish-topic").fill("home/message");
  });

  test("holds no more than 200 rows, however many messages come", async () => {
    const { page } = opened;
    await page.evaluate(async (url) => {
      const client = await rivulet.connect(url, { protocolVersion: [5, 4] });
      const all = Array.from({ length: 1_000 }, (_, index) => client.publish("home/flood", String(index), { qos: 1 }));
      await Promise.all(all);
      await client.disconnect();
    }, demo.printed("Broker, WebSocket"));
    await page.locator("#log-search").fill("home/flood");
    await expectPage(page.locator("#log-rows .payload").first()).toHaveText("999", patiently);
    await page.locator("#log-search").fill("");
    await expectPage(page.locator("#log-rows li")).toHaveCount(200);
  });

  test("fits a phone, and comes in light and dark", async () => {
    const backgrounds = new Set<string>();
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, complaints } = await openPage(browser, demo.printed("Page"), { ...phone, colorScheme });
      await expectPage(page.locator(".room")).toHaveCount(8, patiently);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
      backgrounds.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      expect(complaints).toEqual([]);
      await page.context().close();
    }
    expect(backgrounds.size).toBe(2);
  });

  test("complained about nothing so far: no error, nothing that the page's policy forbids", () => {
    expect(opened.complaints).toEqual([]);
  });

  test("credentials leave the page as soon as they are used", async () => {
    const { page } = opened;
    const address = demo.printed("Broker, WebSocket");
    await page.locator("#url").fill(`${address.replace("//", "//house%40keeper:s3cr%3At@")}/mqtt?token=t0ken`);
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expectPage(page.locator("#fact-address")).toHaveText(`${address}/mqtt?…`);
    await expectPage(page.getByRole("status").first()).toHaveText("Connected", patiently);
    await page.locator("#username").fill("another-keeper");
    await page.locator("#password").fill("an0ther");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expectPage(page.locator("#password")).toHaveValue("");
    await expectPage(page.locator("#username")).toHaveValue("");
    await expectPage(page.getByRole("status").first()).toHaveText("Connected", patiently);
    const secrets = /s3cr|t0ken|house(@|%40)keeper|an0ther|another-keeper/;
    expect(await everythingShown(page)).not.toMatch(secrets);

    // Nobody listens on port 9 of loopback; the error must not tell the credentials either.
    await page.locator("#url").fill("ws://house%40keeper:s3cr%3At@127.0.0.1:9/?token=t0ken");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expectPage(page.getByRole("alert")).toBeVisible(patiently);
    await expectPage(page.getByRole("status").first()).toHaveText("Not connected");
    expect(await everythingShown(page)).not.toMatch(secrets);
  });

  test("connects again, and subscribes again", async () => {
    const { page } = opened;
    await page.locator("#url").fill(demo.printed("Broker, WebSocket"));
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expectPage(page.locator("#subscriptions li")).toContainText("QoS 1", patiently);
    await page.getByRole("button", { name: "Disconnect" }).click();
    await expectPage(page.getByRole("status").first()).toHaveText("Not connected");
    await expectPage(page.locator("#subscriptions li")).toContainText("not connected");
    await expectPage(page.getByRole("button", { name: "Publish" })).toBeDisabled();
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expectPage(page.locator("#subscriptions li")).toContainText("QoS 1", patiently);
  });

  test("a connection that is lost comes back by itself, with its subscriptions", async () => {
    const { page } = opened;
    const state = page.getByRole("status").first();
    const subscription = page.locator("#subscriptions li");
    const proxy = new CuttableProxy(Number(new URL(demo.printed("Broker, WebSocket")).port));
    try {
      const address = `ws://127.0.0.1:${await proxy.listen()}`;
      await page.locator("#url").fill(address);
      await page.getByRole("button", { name: "Connect", exact: true }).click();
      await expectPage(page.locator("#fact-address")).toHaveText(address, patiently);
      await expectPage(state).toHaveText("Connected", patiently);
      await expectPage(subscription).toContainText("QoS 1", patiently);
      proxy.block();
      await expectPage(state).toHaveText(/^Reconnecting: attempt [2-9] in \d+\.\d s$/, patiently);
      await expectPage(page.getByRole("alert")).toBeVisible();
      await expectPage(subscription).toContainText("not connected");
      await expectPage(page.getByRole("button", { name: "Publish" })).toBeDisabled();
      proxy.unblock();
      await expectPage(state).toHaveText("Connected", patiently);
      await expectPage(page.getByRole("alert")).toBeHidden();
      await expectPage(subscription).toContainText("QoS 1", patiently);
      const received = await subscription.textContent();
      await expectPage(subscription).not.toHaveText(received ?? "", patiently);

      proxy.block();
      await page.getByRole("button", { name: "Reconnect" }).click();
      proxy.unblock();
      await expectPage(state).toHaveText("Connected", patiently);
    } finally {
      await page.getByRole("button", { name: "Disconnect" }).click();
      await proxy.close();
    }
    await page.locator("#url").fill(demo.printed("Broker, WebSocket"));
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expectPage(state).toHaveText("Connected", patiently);
  });

  test("Ctrl-C ends it with code 0, and nothing is left; the page notices", async () => {
    const { page } = opened;
    const pid = demo.brokerPid;
    expect(pid === undefined).toBe(broker === "aedes");
    demo.signal("SIGINT");
    expect(await demo.exit()).toBe(0);
    expect(pid !== undefined && isRunning(pid)).toBe(false);
    expect(await demo.leftovers()).toEqual([]);
    await expectPage(page.getByRole("status").first()).toHaveText(/^Reconnecting/, patiently);
    await expectPage(page.getByRole("button", { name: "Reconnect" })).toBeVisible();
  });
});

describe("the demo's process", () => {
  test("says so and fails when the broker dies", async () => {
    const demo = await DemoProcess.start("--port", "0", "--broker", "mosquitto");
    try {
      await demo.ready();
      const pid = demo.brokerPid;
      if (pid === undefined) throw new Error("mosquitto has no process");
      process.kill(pid, "SIGKILL");
      expect(await demo.exit()).toBe(1);
      expect(demo.output).toContain("mosquitto was ended by SIGKILL");
      expect(await demo.leftovers()).toEqual([]);
    } finally {
      await demo.dispose();
    }
  });

  test("fails with a clear message when the port is taken, and leaves nothing running", async () => {
    const taken = createServer();
    const port = await listenOnLoopback(taken, 0);
    const demo = await DemoProcess.start("--port", String(port));
    try {
      expect(await demo.exit()).toBe(1);
      expect(demo.output).toContain(`Port ${port} is in use`);
      expect(await demo.leftovers()).toEqual([]);
    } finally {
      taken.close();
      await demo.dispose();
    }
  });

  test("explains itself", async () => {
    const demo = await DemoProcess.start("--help");
    expect(await demo.exit()).toBe(0);
    expect(demo.output).toContain("--port N");
    await demo.dispose();

    const mistaken = await DemoProcess.start("--prot", "1");
    expect(await mistaken.exit()).toBe(2);
    expect(mistaken.output).toContain("--prot");
    await mistaken.dispose();
  });
});
