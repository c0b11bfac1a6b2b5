import os

from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, create_access_token, get_jwt, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
app.config["JWT_ENCODE_AUDIENCE"] = "shop"
jwt = JWTManager(app)


@jwt.additional_claims_loader
def additional_claims(identity):
    return {"upcase_name": identity.upper(), "plan": "free"}


@app.post("/login")
def login():
    # What is given here overrides what the loader gives.
    return jsonify(access_token=create_access_token("alice", additional_claims={"plan": "pro"}))


@app.get("/protected")
@jwt_required()
def protected():
    claims = get_jwt()
    return jsonify(plan=claims["plan"], name=claims["upcase_name"], audience=claims["aud"])
