/**
 * Finds what the tests need beside the npm packages, and installs what is missing where it can: as root, with apt.
 * Elsewhere it says what to install, and fails.
 */
import { rmSync, writeFileSync } from "node:fs";
import {
  findChromium,
  findCompiler,
  findExecutable,
  findFirefox,
  findMiniBrowser,
  findMosquitto,
} from "../e2e/support/find-executable.ts";
import { buildScramPlugin, hasHeader } from "../e2e/support/scram-plugin.ts";
import { run } from "./lib/command.ts";
import { planSetup, type Facts, type Requirement } from "./setup-plan.ts";

/** Asked before a package's service is started; 101 forbids it. The tests start brokers of their own. */
const servicePolicy = "/usr/sbin/policy-rc.d";
const aptTimeoutMs = 600_000;

const plan = planSetup(await facts());
if (plan.kind === "install") {
  await install(plan.packages);
}
const result = plan.kind === "install" ? planSetup(await facts()) : plan;
if (result.kind === "ready") {
  const broker = result.broker === "mosquitto" ? findMosquitto() : "e2e/compose.yaml, with Docker";
  console.log(`broker: ${broker}\nbrowsers: ${findChromium()}, ${findFirefox()}, ${findMiniBrowser()}`);
  console.log(`plugin: ${result.broker === "mosquitto" ? await buildScramPlugin() : "not in Docker"}`);
} else {
  console.error(result.kind === "ask" ? result.instructions : `apt installed no ${result.packages.join(" and no ")}`);
  process.exitCode = 1;
}

async function facts(): Promise<Facts> {
  const found = {
    mosquitto: findMosquitto() !== undefined,
    chromium: findChromium() !== undefined,
    openssl: isInstalled("openssl"),
    gcc: findCompiler() !== undefined,
    "libc6-dev": await hasHeader("stdio.h"),
    "mosquitto-dev": await hasHeader("mosquitto_plugin.h"),
    "libmosquitto-dev": await hasHeader("mosquitto.h"),
    "libssl-dev": await hasHeader("openssl/evp.h"),
    "firefox-esr": findFirefox() !== undefined,
    "webkit2gtk-driver": isInstalled("WebKitWebDriver") && findMiniBrowser() !== undefined,
    xvfb: isInstalled("Xvfb"),
    tinyproxy: isInstalled("tinyproxy"),
    microsocks: isInstalled("microsocks"),
    "dante-server": isInstalled("danted"),
    "openssh-server": isInstalled("sshd"),
    "openssh-client": isInstalled("ssh"),
  };
  return {
    found,
    apt: findExecutable(["apt-get"]) !== undefined,
    root: process.getuid?.() === 0,
    docker: !found.mosquitto && (await hasDocker()),
  };
}

function isInstalled(name: string): boolean {
  return findExecutable([name]) !== undefined;
}

async function hasDocker(): Promise<boolean> {
  const answers = await Promise.all([run("docker", ["info"]), run("docker", ["compose", "version"])]);
  return answers.every(({ succeeded }) => succeeded);
}

async function install(packages: readonly Requirement[]): Promise<void> {
  console.log(`Installing ${packages.join(", ")} with apt`);
  process.env["DEBIAN_FRONTEND"] = "noninteractive";
  const retries = ["-o", "Acquire::Retries=3"];
  const forbidden = forbidServices();
  try {
    await aptGet("update", ...retries);
    // One by one, so that a package that cannot be installed is named.
    for (const name of packages) {
      await aptGet("install", "-y", "--no-install-recommends", ...retries, name);
    }
  } finally {
    if (forbidden) {
      rmSync(servicePolicy, { force: true });
    }
  }
}

async function aptGet(...args: readonly string[]): Promise<void> {
  const { succeeded, output } = await run("apt-get", args, { timeoutMs: aptTimeoutMs });
  if (!succeeded) {
    console.error(`apt-get ${args.join(" ")} failed:\n${output}`);
  }
}

/** Returns whether there was no policy before. */
function forbidServices(): boolean {
  try {
    writeFileSync(servicePolicy, "#!/bin/sh\nexit 101\n", { mode: 0o755, flag: "wx" });
    return true;
  } catch {
    return false;
  }
}
