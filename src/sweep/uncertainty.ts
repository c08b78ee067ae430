/** Numbers with their uncertainty, as papers print them. */

/** `1.0012(15)`: the error in units of the last digits, of which two are given where the first is 1. */
export function withUncertainty(value: number, standardError: number): string {
  if (!(standardError > 0) || !Number.isFinite(standardError)) return String(Number(value.toPrecision(6)));
  let exponent = Math.floor(Math.log10(standardError));
  const leading = standardError / 10 ** exponent;
  if (leading < 1.95) exponent--;
  const error = Math.round(standardError / 10 ** exponent);
  if (exponent >= 0) return `${Math.round(value)}(${error * 10 ** exponent})`;
  return `${value.toFixed(-exponent)}(${error})`;
}
