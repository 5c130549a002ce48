/** What types and fields are for: a type with its words, then its fields with theirs. */
export default `
meta.v1.ObjectMeta: What every object has: its name, what it is labelled with, and what the server
    notes of it.
  name: How the object is called. Unique among objects of its kind in its namespace, and fixed.
  generateName: A prefix for a name that the server completes; used when name is left out.
  namespace: The namespace that the object is in. Empty for kinds of the whole cluster.
  uid: What tells this object from one of the same name before or after it. Set by the server.
  resourceVersion: Changes with each write. An update that names it is refused if another came
    first.
  generation: Counts the changes of what is wanted, as opposed to what is observed.
  creationTimestamp: When the server made the object.
  deletionTimestamp: When the object goes, or was asked to go: it is then waiting for its
    finalizers or grace.
  deletionGracePeriodSeconds: How long the object has to end by itself once it is deleted.
  labels: Keys and values that selectors find the object by.
  annotations: Keys and values for people and tools; nothing is selected by them.
  ownerReferences: Whom the object belongs to: it is deleted when they all are.
  finalizers: What still has to be done before the object is removed; each is taken out by who did
    it.
  managedFields: Who last set which fields, for server-side apply.
  selfLink: No longer used.
meta.v1.OwnerReference: An object that another belongs to.
  apiVersion: The owner's group and version.
  kind: The owner's kind.
  name: The owner's name.
  uid: The owner's uid: another object of the same name is not the owner.
  controller: True for the one owner that manages the object.
  blockOwnerDeletion: Foreground deletion of the owner waits until this object is gone.
meta.v1.LabelSelector: Chooses objects by their labels: all of its requirements have to hold.
  matchLabels: Labels with the values that they have to have.
  matchExpressions: Requirements with operators.
meta.v1.LabelSelectorRequirement: One requirement on a label.
  key: The label.
  operator: In, NotIn, Exists or DoesNotExist.
  values: For In and NotIn, the values in question.
meta.v1.Condition: One thing that is or is not so about an object.
  type: What it is about, such as Ready.
  status: True, False or Unknown.
  observedGeneration: Which generation of the object this was said of.
  lastTransitionTime: When the status last changed.
  reason: Why, in one word for programs.
  message: Why, in words for people.
meta.v1.ListMeta: What every list has.
  resourceVersion: The version that the list is of: a watch may begin there.
  continue: Where the next page begins; empty on the last one.
  remainingItemCount: About how many objects are on later pages.
`;
