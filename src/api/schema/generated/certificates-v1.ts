/** Fields of certificates.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
CertificateSigningRequest
  metadata meta.v1.ObjectMeta 1
  spec CertificateSigningRequestSpec 2 !
  status CertificateSigningRequestStatus 3
CertificateSigningRequestSpec
  request bytes 1 !
  signerName string 7 !
  expirationSeconds int32 8 *
  usages []string 5
  username string 2
  uid string 3
  groups []string 4
  extra {}strings 6
CertificateSigningRequestStatus
  conditions []CertificateSigningRequestCondition 1 map=type
  certificate bytes 2
CertificateSigningRequestCondition
  type string 1 !
  status string 6 !
  reason string 2
  message string 3
  lastUpdateTime time 4
  lastTransitionTime time 5
`;
