/** Fields of authentication.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
TokenReview
  metadata meta.v1.ObjectMeta 1
  spec TokenReviewSpec 2 !
  status TokenReviewStatus 3
TokenRequest
  metadata meta.v1.ObjectMeta 1
  spec TokenRequestSpec 2
  status TokenRequestStatus 3
SelfSubjectReview
  metadata meta.v1.ObjectMeta 1
  status SelfSubjectReviewStatus 2
TokenReviewSpec
  token string 1 !
  audiences []string 2
TokenReviewStatus
  authenticated bool 1
  user UserInfo 2
  audiences []string 4
  error string 3
TokenRequestSpec
  audiences []string 1
  expirationSeconds int64 4 *
  boundObjectRef BoundObjectReference 3
TokenRequestStatus
  token string 1
  expirationTimestamp time 2
SelfSubjectReviewStatus
  userInfo UserInfo 1
UserInfo
  username string 1
  uid string 2
  groups []string 3
  extra {}strings 4
BoundObjectReference
  kind string 1
  apiVersion string 2
  name string 3
`;
