/** What a log says of something that was thrown: an error's own words, and of anything else only its kind. */
export function faultMessage(fault: unknown): string {
  return fault instanceof Error ? fault.message : `something of type ${typeof fault} was thrown`;
}
