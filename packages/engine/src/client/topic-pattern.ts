import { InvalidTopicError, topicMatches, unsharedFilter, validateTopicFilter } from "@rivulet/codec";

/** Levels of a topic by the names that a `topicPattern` gives them. */
export type TopicParams = Readonly<Record<string, string>>;

/** A Topic Filter whose levels have names: what `topicPattern` makes, and `subscribe` takes in place of a filter. */
export interface TopicPattern<Params extends TopicParams = TopicParams> {
  /** The Topic Filter: `+` for `{name}`, `#` for `{name...}`. */
  readonly filter: string;
  /** The named levels of a topic; undefined when it does not match. */
  match(topic: string): Params | undefined;
}

type ParamName<Level> = Level extends `{${infer Name}...}` ? Name : Level extends `{${infer Name}}` ? Name : never;

type ParamNames<Template> = Template extends `${infer Level}/${infer Rest}`
  ? ParamName<Level> | ParamNames<Rest>
  : ParamName<Template>;

/** The named levels of a template: `{ floor: string; room: string }` of `"home/{floor}/{room}"`. */
export type ParamsOf<Template extends string> = string extends Template
  ? TopicParams
  : { readonly [Name in ParamNames<Template>]: string };

const named = /^\{([\p{ID_Start}$_][\p{ID_Continue}$]*)(\.{3})?\}$/u;

/**
 * A Topic Filter whose levels have names. `{name}` stands for one level, as `+` does; `{name...}` for all that follow, as
 * `#` does, and may only be the last. Messages of a subscription to it have these levels in `params`.
 *
 * A name is an identifier, and fills its level. `+`, `#` and `$share/{group}/` may stand in a template as in a filter.
 *
 * @throws InvalidTopicError when a level has a brace and is no name, when a name comes twice, or when the filter that it
 * makes is none.
 *
 * @example
 * ```ts
 * import { connect, topicPattern } from "rivulet";
 *
 * await using client = await connect("mqtt://127.0.0.1:1883");
 * const temperatures = await client.subscribe(topicPattern("home/{floor}/{room}/temperature"), { qos: 1 });
 * await client.publish("home/ground/kitchen/temperature", "21.5", { qos: 1 });
 *
 * for await (const message of temperatures) {
 *   const { floor, room } = message.params; // strings, and there is no other name
 *   console.log(floor, room, message.text()); // => ground kitchen 21.5
 *   break;
 * }
 * ```
 */
export function topicPattern<const Template extends string>(template: Template): TopicPattern<ParamsOf<Template>> {
  const levels = template.split("/");
  // A share name is no level of the topic.
  const skipped = levels.length - unsharedFilter(template).split("/").length;
  const places: { readonly name: string; readonly from: number; readonly to: number | undefined }[] = [];
  const filter = levels
    .map((level, index) => {
      if (!/[{}]/.test(level)) return level;
      const [, name, rest] = named.exec(level) ?? [];
      if (name === undefined || places.some((place) => place.name === name)) {
        throw new InvalidTopicError(`A level of the topic pattern has no name of its own: ${level}`, template);
      }
      const from = index - skipped;
      places.push({ name, from, to: rest === undefined ? from + 1 : undefined });
      return rest === undefined ? "+" : "#";
    })
    .join("/");
  validateTopicFilter(filter);
  return {
    filter,
    match: (topic) => {
      if (!topicMatches(filter, topic)) return undefined;
      const found = topic.split("/");
      const params = places.map(({ name, from, to }) => [name, found.slice(from, to).join("/")]);
      return Object.fromEntries(params) as ParamsOf<Template>;
    },
  };
}

/** The Topic Filter of a pattern, or of itself. */
export function filterOf(filter: string | TopicPattern): string {
  // Not all who call have types.
  return (filter as TopicPattern | undefined)?.filter ?? (filter as string);
}
