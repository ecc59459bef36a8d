/** Credits as people read them. */
export const credits = (amount: number) => amount.toLocaleString('en', { maximumFractionDigits: 1 });
