export interface ComposeRequirements {
  readonly image: RegExp;
  /** Absolute path of the configuration that the container has to be given. */
  readonly configuration: string;
  /** Makes a path of the compose file absolute. */
  readonly resolve: (source: string) => string;
  /** Where the configuration expects the files it refers to. */
  readonly files: string;
  readonly ports: readonly { readonly port: number; readonly variable: string }[];
}

interface Service {
  readonly image?: unknown;
  readonly volumes?: unknown;
  readonly ports?: unknown;
  readonly healthcheck?: unknown;
}

/** What is wrong with a compose file that is to start the broker of the tests. */
export function composeProblems(document: unknown, requirements: ComposeRequirements): string[] {
  const services = Object.values(property(document, "services") ?? {}) as Service[];
  const [service, ...others] = services;
  if (service === undefined || others.length > 0) {
    return [`It should have one service, and has ${services.length}`];
  }
  const volumes = strings(service.volumes);
  const ports = strings(service.ports);
  const expectedPorts = requirements.ports.map(({ port, variable }) => `127.0.0.1:\${${variable}:-${port}}:${port}`);
  const mounted = volumes.find((volume) => volume.endsWith(":/mosquitto/config/mosquitto.conf:ro"))?.split(":")[0];
  return [
    ...(requirements.image.test(String(service.image)) ? [] : [`The image is ${String(service.image)}`]),
    ...(mounted !== undefined && requirements.resolve(mounted) === requirements.configuration
      ? []
      : [`The configuration is ${mounted ?? "not mounted"} instead of ${requirements.configuration}`]),
    ...(volumes.some((volume) => volume.endsWith(`:${requirements.files}:ro`))
      ? []
      : [`Nothing is mounted at ${requirements.files}`]),
    ...ports.filter((port) => !port.startsWith("127.0.0.1:")).map((port) => `The port ${port} is open to the network`),
    ...expectedPorts.filter((port) => !ports.includes(port)).map((port) => `The port ${port} is missing`),
    ...(service.healthcheck === undefined ? ["Without a health check, nothing can wait for it"] : []),
  ];
}

function property(value: unknown, name: string): object | undefined {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === "object" && found !== null ? found : undefined;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
