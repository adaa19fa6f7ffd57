"""The register's presence: a service without one has none of its pages and controls."""

import streamlit as st

from advisor.register.register_api import RegisterApi
from advisor.register.response_models import RegisterState
from advisor.service_client.errors import DashboardError
from advisor.service_client.service_api import ServiceApi

STATE = "register_state"
SECONDS = 60  # for which a state is believed


@st.cache_data(show_spinner=False, ttl=SECONDS)
def last_state(url: str, _register: RegisterApi) -> RegisterState | None:
    """The state of the register at an address, requested once in `SECONDS`."""
    return _register.state()


def look(api: ServiceApi) -> bool:
    """Find the register's state for the page that begins; true if the service has a register.

    No request is made while the last state is known, unless the register was away. If the service
    does not tell, the page is made as without a register.
    """
    url, register = api.connection.url, RegisterApi(api.connection)
    try:
        found = last_state(url, register)
        if found == "away":
            last_state.clear(url, register)
    except DashboardError:
        found = None
    st.session_state[STATE] = found
    return found is not None


def state() -> RegisterState | None:
    """The register's state at the beginning of this page; None without a register."""
    found: RegisterState | None = st.session_state.get(STATE)
    return found
