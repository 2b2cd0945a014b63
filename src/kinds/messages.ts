// What the public model has a message for, by kind. Kinds that are not here are attributes: names and texts.

/** What the public model says of kind "vxlan". Field by field message Vxlan of proto/nsatlas/v1/model.proto, the manual. */
export interface Vxlan {
  vni?: number;
  dstPort?: number;
  learning?: boolean;
  proxy?: boolean;
  rsc?: boolean;
  l2miss?: boolean;
  l3miss?: boolean;
  local?: string;
  remote?: string;
  underlayIfindex?: number;
  ttl?: number;
  ttlInherit?: boolean;
  tos?: number;
  label?: number;
  df?: string;
  ageingSeconds?: number;
  limit?: number;
  srcPortMin?: number;
  srcPortMax?: number;
  udpCsum?: boolean;
  udpZeroCsum6Tx?: boolean;
  udpZeroCsum6Rx?: boolean;
  remcsumTx?: boolean;
  remcsumRx?: boolean;
  gbp?: boolean;
  gpe?: boolean;
  remcsumNopartial?: boolean;
  external?: boolean;
  vnifilter?: boolean;
  localbypass?: boolean;
}

/** The fields of Interface that hold such a message: one for the link's kind, or none. */
export interface KindMessages {
  vxlan?: Vxlan;
}
