"""The driver that is installed has what lanes use of its inside; a new one may not."""

from pymongo import AsyncMongoClient, monitoring

from fhir_server.store.borrowed import borrowed


async def test_this_driver_lends_a_connection_and_takes_it_back(mongodb_uri, monkeypatch):
    monkeypatch.setattr(monitoring, "_LISTENERS", monitoring._Listeners([], [], [], [], []))
    async with AsyncMongoClient(mongodb_uri) as client:
        async with borrowed(client) as wire:
            assert wire is not None
            assert wire.current()
            assert wire.left() == client.options.timeout
        servers = client._topology._servers.values()
        assert [server.pool.active_sockets for server in servers] == [0]
        assert wire.abort.__self__.is_closing()
