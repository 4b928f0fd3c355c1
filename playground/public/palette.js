const colors = 8;
const remembered = 64;

/** Gives each room its colour, first come first served; tiles and chart share them. */
export class Palette {
  /** @type {Map<string, number>} */
  #indexes = new Map();

  /**
   * Name of the CSS variable that holds the room's colour.
   * @param {string} room
   */
  variable(room) {
    let index = this.#indexes.get(room);
    if (index === undefined) {
      index = this.#indexes.size % colors;
      if (this.#indexes.size < remembered) this.#indexes.set(room, index);
    }
    return `--series-${index + 1}`;
  }

  /**
   * A swatch in the room's colour, in light and dark.
   * @param {string} room
   */
  swatch(room) {
    const made = document.createElement("span");
    made.className = "swatch";
    made.style.background = `var(${this.variable(room)})`;
    made.setAttribute("aria-hidden", "true");
    return made;
  }
}
