/**
 * The lint rule that keeps the domain a function of its arguments: no clock, no randomness, no output.
 * A time that was passed in may be converted (`new Date(millis)`, `Date.parse(text)`); the current one may not be asked for.
 */

const isMember = (node, object, property) =>
  node.object.type === "Identifier" &&
  node.object.name === object &&
  (property === undefined || node.property.name === property)

const noClockOrRandomness = {
  create: (context) => ({
    MemberExpression: (node) => {
      const impure =
        isMember(node, "Date", "now") ||
        isMember(node, "Math", "random") ||
        isMember(node, "performance") ||
        isMember(node, "crypto") ||
        isMember(node, "console")
      if (impure)
        context.report({ node, message: "The domain has no clock, no randomness and no output: pass the value in." })
    },
    NewExpression: (node) => {
      const now = node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0
      if (now) context.report({ node, message: "The domain has no clock: pass the time in." })
    }
  })
}

export default { meta: { name: "holdfast" }, rules: { "no-clock-or-randomness": noClockOrRandomness } }
