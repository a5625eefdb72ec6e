"""Stands in for test/service.py, which kafka-python's source package leaves out: brokers that are there are neither started nor stopped."""


class ExternalService:
    def __init__(self, host, port):
        self.host, self.port = host, port

    def open(self):
        pass

    def close(self):
        pass


class SpawnedService:
    def __init__(self, *args, **kwargs):
        raise RuntimeError("only tests that need no broker of their own are run here")
