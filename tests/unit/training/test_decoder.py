"""The training's own decoder gives what transformers gives, windows included."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra: parity)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra: parity)")

from lastly_training.model.decoder import Decoder  # noqa: E402

_SIZES = {
    "vocab_size": 100,
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 512,
}
_WINDOWS = {"layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "sliding_window": 16}
_KINDS = {
    "Llama": {},
    "Ministral": _WINDOWS,
    "Qwen3": _WINDOWS | {"use_sliding_window": True, "max_window_layers": 0},
}


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("tokens", [1, 15, 16, 17, 100])
def test_states_equal_transformers(kind: str, tokens: int) -> None:
    torch.manual_seed(0)
    settings = _SIZES | _KINDS[kind]
    rope = {"rope_type": "default", "rope_theta": 10000.0}
    config = getattr(transformers, f"{kind}Config")(**settings, rope_parameters=rope)
    reference = getattr(transformers, f"{kind}Model")(config).eval()
    decoder = Decoder(settings | {"model_type": kind.lower(), "rope_theta": 10000.0}).eval()
    decoder.load_state_dict(reference.state_dict())
    ids = torch.randint(0, 100, (2, tokens))
    with torch.no_grad():
        wanted = reference(ids, use_cache=False).last_hidden_state
        assert torch.allclose(decoder(decoder.embed_tokens(ids)), wanted, atol=1e-5)
