declare const brand: unique symbol;

/** Number of an interface, valid only inside one network namespace. */
export type Ifindex = number & { readonly [brand]: 'Ifindex' };

/** Id of a namespace relative to the namespace that was asked. */
export type Nsid = number & { readonly [brand]: 'Nsid' };
