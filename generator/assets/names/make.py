"""Makes transformer_lens.tsv: the names that TransformerLens knows, one model a line.

Run with transformer-lens installed: python make.py > transformer_lens.tsv

Columns, separated by tabs:
1. what TransformerLens calls the model by default
2. its hub id
3. the `model_type` of its config.json; or, where there is none that could be run, `!` and the reason
4. further names, separated by spaces
"""

from importlib.metadata import version

from transformer_lens import loading_from_pretrained as loading

# Names that the hub itself gave to models which had none of an organization.
RENAMED = {
    "gpt2": ["openai-community/gpt2"],
    "gpt2-medium": ["openai-community/gpt2-medium"],
    "gpt2-large": ["openai-community/gpt2-large"],
    "gpt2-xl": ["openai-community/gpt2-xl"],
    "distilgpt2": ["distilbert/distilgpt2"],
}

# What the config.json of models says whose names begin so; the longest beginning counts.
MODEL_TYPES = {
    "gpt2": "gpt2",
    "distilgpt2": "gpt2",
    "stanford-crfm/": "gpt2",
    "ai-forever/mGPT": "gpt2",
    "facebook/opt-": "opt",
    "EleutherAI/gpt-neo-": "gpt_neo",
    "EleutherAI/gpt-j-": "gptj",
    "EleutherAI/gpt-neox-": "gpt_neox",
    "EleutherAI/pythia-": "gpt_neox",
    "NeelNanda/": "!transformer_lens",
    "ArthurConmy/redwood_attn_2l": "!transformer_lens",
    "Baidicoot/Othello-GPT-Transformer-Lens": "!transformer_lens",
    "llama-": "!not_hosted",
    "meta-llama/": "llama",
    "codellama/": "llama",
    "01-ai/Yi-": "llama",
    "google-bert/": "bert",
    "roneneldan/TinyStories-": "gpt_neo",
    "stabilityai/stablelm-": "gpt_neox",
    "mistralai/Mistral-": "mistral",
    "mistralai/Mixtral-": "mixtral",
    "bigscience/bloom-": "bloom",
    "bigcode/santacoder": "!custom_code",
    "Qwen/Qwen-": "!custom_code",
    "Qwen/Qwen1.5-": "qwen2",
    "Qwen/Qwen2": "qwen2",
    "Qwen/QwQ-": "qwen2",
    "Qwen/Qwen3-": "qwen3",
    "microsoft/phi-": "phi",
    "microsoft/Phi-3-": "phi3",
    "microsoft/phi-4": "phi3",
    "google/gemma-": "gemma",
    "google/gemma-2-": "gemma2",
    "google/gemma-3-": "gemma3",
    "google/gemma-3-270m": "gemma3_text",
    "google/gemma-3-1b": "gemma3_text",
    "google/medgemma-": "gemma3",
    "google/medgemma-27b-text-it": "gemma3_text",
    "google-t5/": "t5",
}


def model_type(name: str) -> str:
    return MODEL_TYPES[max((start for start in MODEL_TYPES if name.startswith(start)), key=len)]


def main() -> None:
    source = f"OFFICIAL_MODEL_NAMES and MODEL_ALIASES of transformer-lens {version('transformer-lens')}"
    print(f"# Made by make.py from {source}")
    for name, default in zip(loading.OFFICIAL_MODEL_NAMES, loading.DEFAULT_MODEL_ALIASES, strict=True):
        seen, others = {name.lower(), default.lower()}, []
        for other in loading.MODEL_ALIASES.get(name, []) + RENAMED.get(name, []):
            if other.lower() not in seen:
                seen.add(other.lower())
                others.append(other)
        print(default, name, model_type(name), " ".join(others), sep="\t")


if __name__ == "__main__":
    main()
