"""The status of each error of the domain and of the queues."""

from credit_scoring.errors import (
    InconsistentScore,
    InvalidApplication,
    InvalidRecord,
    NoPeers,
    UnknownClient,
    UnknownFeature,
)
from service.served_bundle import NotReady
from serving.batching import Busy
from serving.errors import USUAL_HANDLERS, Handler, refusal

HANDLERS: dict[int | type[Exception], Handler] = {
    **USUAL_HANDLERS,
    UnknownClient: refusal(404, ": /get_ids lists them"),
    UnknownFeature: refusal(404, ": /get_feat lists them"),
    InvalidRecord: refusal(422, ": /get_json gives them"),
    InvalidApplication: refusal(422),
    InconsistentScore: refusal(503),
    NoPeers: refusal(503),
    NotReady: refusal(503, "the reference clients are being scored", {"Retry-After": "5"}),
    Busy: refusal(503, "too many explanations at once", {"Retry-After": "1"}),
}
