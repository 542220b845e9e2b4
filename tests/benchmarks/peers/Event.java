/** What does one record of the journal say? What its kind does not have stays null or 0. */
final class Event {
  int tag;
  String id;
  long digest;
  long at;
  long source;
  long offset;
  String contactId;
  String action;
  String productId;
  long quantity;
  Long unitPriceMinor;
  String currency;
  String cartId;
  String orderId;
  String status;
}
