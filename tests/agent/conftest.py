from hypothesis import HealthCheck, settings

# Machines that run tests are slow at times: how long one example takes says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
