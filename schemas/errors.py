"""Why was a record refused, in words that a shop's developer understands?

    ValueError
    └── Undecodable     the record goes to dead letters, with its reason and detail; the records around it go on

A reason says what is wrong and what to send instead. A detail says where: it names fields and kinds of values, never
contents, since a content may be somebody's name or address.
"""

from schemas.worded import Worded


class Reason(Worded):
    """Why a record is a dead letter; the value is what metrics and dead letters carry, the sentence is for people."""

    # What came is not a JSON object.
    EMPTY = "empty", "The record has no content: send a JSON object."
    TOMBSTONE = "tombstone", "The value is null; only contacts and catalog products can be deleted that way."
    TOO_LARGE = "too_large", "The record is larger than 256 KiB: send only the fields that the schema names."
    NOT_UTF8 = "not_utf8", "The bytes are not UTF-8 text: encode the JSON as UTF-8."
    TRUNCATED = "truncated", "The JSON stops before its end: something cut the record short."
    TWO_DOCUMENTS = "two_documents", "Something follows the JSON object: send one object per record."
    NOT_JSON = "not_json", "The text is not valid JSON (RFC 8259)."
    NOT_AN_OBJECT = "not_an_object", "The JSON is valid, but it is not an object: send {…}."
    DUPLICATE_KEY = "duplicate_key", "A name occurs twice in one object, so it is unclear which value counts."
    TOO_DEEP = "too_deep", "Objects or lists are nested too deep: send the flat fields that the schema names."
    NOT_A_NUMBER = "not_a_number", "NaN and Infinity are not JSON: leave out a number that you do not have."
    NUMBER_OUT_OF_RANGE = "number_out_of_range", "A number is too large for any computer to hold exactly."
    LONE_SURROGATE = "lone_surrogate", "A text was cut in the middle of a character (half of a \\u surrogate pair)."
    NUL_CHARACTER = "nul_character", "A text holds the character NUL (\\u0000): remove it."

    # It is an object, but not one of ours.
    UNKNOWN_VERSION = "unknown_version", "The field v must be the number 1; no other schema version is known."
    MISSING_FIELD = "missing_field", "A field that is required is missing."
    WRONG_TYPE = "wrong_type", "A field holds another type of value than the schema says."
    UNKNOWN_WORD = "unknown_word", "A field holds a word that is not in its list."
    BAD_ID = "bad_id", "An id must be 1 to 256 characters, none of them a control character."
    BAD_SHOP_ID = "bad_shop_id", "shop_id must be 1 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen."
    BAD_TEXT = "bad_text", "A text is empty, too long, or in another form than the schema says."
    BAD_LINK = "bad_link", "A link must be an absolute http or https address without spaces, user name or password."
    TOO_MANY = "too_many", "A list holds more entries than the schema allows."

    # The fields are there, but what they say cannot be.
    TIME_NOT_MILLISECONDS = (
        "time_not_milliseconds",
        "occurred_at must be a whole number: milliseconds since 1970-01-01T00:00:00Z, not a date as text.",
    )
    TIME_TOO_EARLY = "time_too_early", "occurred_at lies before the year 2000: send milliseconds since 1970, UTC."
    TIME_IN_FUTURE = "time_in_future", "occurred_at lies more than a day ahead: check the unit and the shop's clock."
    NEGATIVE_NUMBER = "negative_number", "An amount or a quantity is below zero."
    NUMBER_TOO_LARGE = "number_too_large", "An amount or a quantity is larger than any shop's."
    ZERO_QUANTITY = "zero_quantity", "Nothing can be added or removed zero times: leave the event out, or use set."
    BAD_CURRENCY = "bad_currency", "currency must be a current three-letter code of ISO 4217, such as EUR."
    NO_IDENTITY = (
        "no_identity",
        "An order must say whose it is: visitor_id, contact_id, cart_id, email or phone, at least one of them.",
    )
    BAD_EMAIL = "bad_email", "The e-mail address is not one that mail can be sent to."
    EMAIL_CONTROL_CHARACTER = "email_control_character", "The e-mail address holds a line break or a control character."
    EMAIL_NOT_ONE_ADDRESS = (
        "email_not_one_address",
        "The e-mail field must hold one plain address: no second address, no name around it.",
    )
    BAD_PHONE = "bad_phone", "The phone number is not one that can be called: send it with its country code (+33)."

    # The record's key.
    BAD_KEY = "bad_key", "The record's key must be <shop_id>:<id>; without it, it is unclear what is to be deleted."
    KEY_CONTRADICTS = "key_contradicts", "The record's key names another contact or product than its value."


class Undecodable(ValueError):
    """The record cannot be taken in: put it into dead letters with `reason` and `detail`, and go on with the next."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.sentence} [{detail}]" if detail else reason.sentence)
        #: What is wrong.
        self.reason = reason
        #: Where: field names and kinds of values, no contents.
        self.detail = detail
