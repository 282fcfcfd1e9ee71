import time
def test_a(template): pass
def test_b(database_url):
    pass
def test_c(engine, vault):
    from api.app import create_app
    from api.runtime import Runtime
    from core.settings import load_settings
    s=load_settings({"KOPECK_HOME":"/nonexistent"})
    t=time.time(); app=create_app(Runtime(engine,s,vault)); print("app",time.time()-t)
    t=time.time(); app=create_app(Runtime(engine,s,vault)); print("app2",time.time()-t)
    c=app.test_client()
    t=time.time(); r=c.get("/openapi.json"); print("openapi",time.time()-t, r.status_code)
    t=time.time(); r=c.get("/v1/creators"); print(time.time()-t, r.status_code, r.text)
    import json; d=json.loads(c.get("/openapi.json").data)
    json.dump(d,open("/tmp/openapi.json","w"),indent=1)
    print(len(d["paths"]))
