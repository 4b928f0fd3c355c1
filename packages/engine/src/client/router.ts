import { routeCacheSize } from "../limits.ts";
import { FilterTrie } from "./filter-trie.ts";
import type { Inbox } from "./inbox.ts";

/** Knows which inboxes a message goes to, and who shares a Topic Filter. */
export class Router {
  readonly #trie = new FilterTrie<Set<Inbox>>();
  readonly #sharers = new Map<string, Set<Inbox>>();
  /** Topics come again and again; forgotten whenever a subscription comes or goes. */
  readonly #routes = new Map<string, readonly Inbox[]>();

  /** All inboxes, each once. */
  get inboxes(): Set<Inbox> {
    const inboxes = new Set<Inbox>();
    for (const sharers of this.#sharers.values()) for (const inbox of sharers) inboxes.add(inbox);
    return inboxes;
  }

  add(topicFilter: string, inbox: Inbox): void {
    this.#routes.clear();
    let sharers = this.#sharers.get(topicFilter);
    if (sharers === undefined) {
      sharers = new Set();
      this.#sharers.set(topicFilter, sharers);
      this.#trie.add(topicFilter, sharers);
    }
    sharers.add(inbox);
  }

  /** Removes an inbox from a filter; says whether nobody is left who shares the filter. */
  remove(topicFilter: string, inbox: Inbox): boolean {
    const sharers = this.#sharers.get(topicFilter);
    if (sharers?.delete(inbox) !== true) return false;
    this.#routes.clear();
    if (sharers.size > 0) return false;
    this.#sharers.delete(topicFilter);
    this.#trie.delete(topicFilter, sharers);
    return true;
  }

  /** Everybody who shares a filter. */
  sharers(topicFilter: string): readonly Inbox[] {
    return [...(this.#sharers.get(topicFilter) ?? [])];
  }

  /** Whether an inbox has a filter left. */
  has(inbox: Inbox): boolean {
    return inbox.settings.filters.some((topicFilter) => this.#sharers.get(topicFilter)?.has(inbox) === true);
  }

  /** The inboxes with a filter that the topic matches, each once. */
  match(topicName: string): readonly Inbox[] {
    const known = this.#routes.get(topicName);
    if (known !== undefined) return known;
    const inboxes = [...new Set(this.#trie.match(topicName).flatMap((sharers) => [...sharers]))];
    if (this.#routes.size >= routeCacheSize) this.#routes.clear();
    this.#routes.set(topicName, inboxes);
    return inboxes;
  }
}
