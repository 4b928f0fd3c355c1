/** Rivulet as a script tag has put it there, for what imports it. */
declare const rivulet: typeof import("rivulet");

export const connect: typeof rivulet.connect = (...arguments_) => rivulet.connect(...arguments_);
