/** What the tests need beside the npm packages, as Debian names the packages. */
export const requirements = [
  "mosquitto",
  "chromium",
  "openssl",
  "gcc",
  "libc6-dev",
  "mosquitto-dev",
  "libmosquitto-dev",
  "libssl-dev",
  "firefox-esr",
  "webkit2gtk-driver",
  "xvfb",
  "tinyproxy",
  "microsocks",
  "dante-server",
  "openssh-server",
  "openssh-client",
] as const;

export type Requirement = (typeof requirements)[number];

/** What it takes to compile mosquitto's plugin, e2e/mosquitto/scram.c: with Homebrew's name, where it has one. */
const pluginRequirements: Partial<Record<Requirement, string | undefined>> = {
  gcc: undefined,
  "libc6-dev": undefined,
  "mosquitto-dev": "mosquitto",
  "libmosquitto-dev": "mosquitto",
  "libssl-dev": "openssl",
};

/** How Homebrew installs what it calls by another name. */
const homebrewCommands: Partial<Record<Requirement, string>> = {
  chromium: "brew install --cask chromium",
  "firefox-esr": "brew install --cask firefox",
  "dante-server": "brew install dante",
  "openssh-server": "brew install openssh",
  "openssh-client": "brew install openssh",
};

/** What there is on Linux only: WebKitGTK, and the screen that it needs. */
const linuxOnly: readonly Requirement[] = ["webkit2gtk-driver", "xvfb"];

/** What a machine has. */
export interface Facts {
  readonly found: Readonly<Record<Requirement, boolean>>;
  /** `apt-get` is there: Debian, Ubuntu and their kin. */
  readonly apt: boolean;
  readonly root: boolean;
  /** A Docker engine answers, and knows `docker compose`. */
  readonly docker: boolean;
}

export type Plan =
  | { readonly kind: "ready"; readonly broker: "mosquitto" | "compose" }
  | { readonly kind: "install"; readonly packages: readonly Requirement[] }
  | { readonly kind: "ask"; readonly missing: readonly Requirement[]; readonly instructions: string };

/**
 * Decides: nothing to do, install, or tell people what to install. Docker stands in for mosquitto, without its plugin,
 * and for nothing else.
 */
export function planSetup(facts: Facts): Plan {
  const missing = requirements.filter((name) => !facts.found[name]);
  if (missing.length === 0) {
    return { kind: "ready", broker: "mosquitto" };
  }
  if (facts.apt && facts.root) {
    return { kind: "install", packages: missing };
  }
  const isInDocker = facts.docker && !facts.found.mosquitto;
  const needed = isInDocker ? missing.filter((name) => name !== "mosquitto" && !(name in pluginRequirements)) : missing;
  if (needed.length === 0) {
    return { kind: "ready", broker: "compose" };
  }
  return { kind: "ask", missing: needed, instructions: instructions(needed, facts) };
}

function instructions(missing: readonly Requirement[], { apt }: Facts): string {
  const lines = [
    `The tests need ${missing.join(" and ")}. Install ${missing.length === 1 ? "it" : "them"} and run this again:`,
  ];
  lines.push(
    apt
      ? `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(" ")}`
      : `  macOS: ${homebrew(missing).join(" && ")}`,
  );
  if (missing.some((name) => name in pluginRequirements)) {
    lines.push(
      "  The compiler and the headers are for e2e/mosquitto/scram.c; CC, CPATH and LIBRARY_PATH tell where they are.",
    );
  }
  if (!apt && missing.some((name) => linuxOnly.includes(name))) {
    lines.push(
      `  There is no ${linuxOnly.join(" and no ")} but on Linux: run the whole suite in a container of Debian.`,
    );
  }
  if (missing.includes("chromium")) {
    lines.push("  Any Chromium or Chrome will do: CHROMIUM=/path/to/chrome names one that is not found.");
  }
  if (missing.includes("mosquitto")) {
    lines.push("  Docker with its compose plugin will do for mosquitto.");
  }
  return lines.join("\n");
}

function homebrew(missing: readonly Requirement[]): string[] {
  const available = missing.filter((name) => !linuxOnly.includes(name));
  const commands = available.map((name) => {
    const own = homebrewCommands[name];
    if (own !== undefined) return own;
    const formula = name in pluginRequirements ? pluginRequirements[name] : name;
    return formula === undefined ? "xcode-select --install" : `brew install ${formula}`;
  });
  return [...new Set(commands)];
}
