import type { Cell } from "../scenarios/scenario.ts";

/** Complains of a text, shown by a page or its console, that has the credentials in it. */
export function secretsIn(shown: string, { credentials: { username, password } }: Cell): string[] {
  const secrets = [username, password, encodeURIComponent(username), encodeURIComponent(password)];
  return secrets.some((secret) => shown.includes(secret)) ? ["The page or its console shows the credentials"] : [];
}
