/** Hands over every value, one by one; asked again, the same ones again. What millions of them would take is never held. */
export type EachValue = (take: (value: number) => void) => void;
