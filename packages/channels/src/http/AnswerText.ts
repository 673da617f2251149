/** Words of a channel as people are shown them: on one line, short, and well-formed whatever it said. */

/** Characters of what a channel says that people are shown. */
const detailCharsMax = 200

export const shortened = (text: string): string =>
  text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, detailCharsMax)
    .toWellFormed()
