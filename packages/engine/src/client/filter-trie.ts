import { unsharedFilter } from "@rivulet/codec";

interface Node<T> {
  /** Made with the first of them; most are leaves. */
  children?: Map<string, Node<T>>;
  values?: Set<T>;
}

/**
 * Finds what belongs to the Topic Filters that a Topic Name matches (section 4.7), in a time that depends on the
 * number of levels and not on that of filters.
 */
export class FilterTrie<T> {
  readonly #root: Node<T> = {};

  add(topicFilter: string, value: T): void {
    let node = this.#root;
    for (const level of unsharedFilter(topicFilter).split("/")) {
      const children = (node.children ??= new Map<string, Node<T>>());
      let child = children.get(level);
      if (child === undefined) children.set(level, (child = {}));
      node = child;
    }
    (node.values ??= new Set()).add(value);
  }

  delete(topicFilter: string, value: T): void {
    const path: [parent: Node<T>, level: string][] = [];
    let node = this.#root;
    for (const level of unsharedFilter(topicFilter).split("/")) {
      const child = node.children?.get(level);
      if (child === undefined) return;
      path.push([node, level]);
      node = child;
    }
    node.values?.delete(value);
    // Branches that lead nowhere any more go, so that what was unsubscribed leaves nothing behind.
    for (const [parent, level] of path.reverse()) {
      const { values, children } = parent.children?.get(level) ?? {};
      if ((values?.size ?? 0) > 0 || (children?.size ?? 0) > 0) return;
      parent.children?.delete(level);
    }
  }

  /** Everything added under a filter that the topic matches, each once. */
  match(topicName: string): T[] {
    const found = new Set<T>();
    const levels = topicName.split("/");
    const visit = (node: Node<T>, depth: number): void => {
      // A wildcard in the first level does not match a topic that begins with $ [MQTT-4.7.2-1].
      const mayBeWild = depth > 0 || !topicName.startsWith("$");
      const rest = mayBeWild ? node.children?.get("#") : undefined;
      for (const value of rest?.values ?? []) found.add(value);
      const level = levels[depth];
      if (level === undefined) {
        for (const value of node.values ?? []) found.add(value);
        return;
      }
      const exact = node.children?.get(level);
      if (exact !== undefined) visit(exact, depth + 1);
      const any = mayBeWild ? node.children?.get("+") : undefined;
      if (any !== undefined) visit(any, depth + 1);
    };
    visit(this.#root, 0);
    return [...found];
  }
}
