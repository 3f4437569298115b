"""What the rules cannot know about single model types: plain data."""

from __future__ import annotations

from typing import Any

CLASSES: dict[str, str] = {"speecht5": "SpeechT5ForSpeechToText"}
"""The class that stands for a type, where it is not the one that transformers' auto classes take first."""

_RESNET = ("resnet", {"embedding_size": 16, "hidden_sizes": [16, 32, 48, 64], "out_features": ["stage4"]})
_DETR = {"backbone_config": _RESNET, "use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None}
_ROPE = {"rope_type": "default", "rope_theta": 10000.0}
_SERIES = {"prediction_length": 8, "context_length": 16, "lags_sequence": [1, 2, 3], "num_time_features": 1}
_LEVELS = {"decoder_in_channels": [64, 64, 64]}
_WINDOWED = {"window_size": 56}  # two by two merged patches of 14

CONFIGS: dict[str, dict[str, Any]] = {
    "audio-spectrogram-transformer": {"max_length": 64},
    "autoformer": {**_SERIES, "label_length": 4, "moving_average": 3},
    "bigbird_pegasus": {"block_size": 2, "num_random_blocks": 1},
    "blip-2": {"image_token_index": 150},
    "d_fine": _LEVELS,
    "deimv2": _LEVELS,
    "rt_detr": _LEVELS,
    "rt_detr_v2": _LEVELS,
    "pp_doclayout_v2": _LEVELS,
    "zoedepth": {"bottleneck_features": 64},
    "bamba": {"attn_layer_indices": [1], "mamba_d_head": 32},
    "chameleon": {"vocabulary_map": {"<image>": 150}},
    "cohere_compass_text": {"rope_parameters": {"full_attention": _ROPE, "sliding_attention": _ROPE}},
    "conditional_detr": _DETR,
    "dab-detr": _DETR,
    "dbrx": {"attn_config": {"kv_n_heads": 2, "rope_theta": 10000.0, "clip_qkv": 8}},
    "deepseek_ocr2_text": {"mlp_layer_types": ["dense", "sparse"]},
    "deepseek_v2": {"num_experts_per_tok": 2},
    "deformable_detr": {**_DETR, "num_feature_levels": 2},
    "detr": _DETR,
    "diffusion_gemma_text": {"moe_intermediate_size": 64, "num_experts": 4, "top_k_experts": 2},
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "mlp_layer_types": ["dense", "sparse"]},
    "dots3_note_audio_encoder": {"adapter_input_size": 64},
    "esm": {"vocab_size": 160, "mask_token_id": 4, "pad_token_id": 1},
    "fun_asr_nano": {"adaptor_config.intermediate_size": 16},
    "gemma3": {"mm_tokens_per_image": 4},
    "glm5_next_text": {"index_kpool": 4},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]], "num_layers": 2},
    "hiera": {"image_size": [224, 224]},
    "informer": _SERIES,
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "layoutlmv3": {"coordinate_size": 12, "shape_size": 8},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"]},
    "lilt": {"hidden_size": 96},
    "llama4_vision_model": {
        "intermediate_size": 256,
        "projector_input_dim": 64,
        "projector_output_dim": 64,
        "vision_output_dim": 64,
    },
    "longcat_flash": {"head_dim": 8},
    "mamba2": {"num_heads": 4, "head_dim": 32},
    "mimi": {"upsample_groups": 64},
    "mistral4": {"qk_nope_head_dim": 8},
    "molmo2": {"adapter_config.vision_feature_layer": [1, 0]},
    "moonshine_streaming": {"num_key_value_heads": 4},
    "pix2struct_text_model": {"initializer_range": 0.02},
    "pix2struct_vision_model": {"patch_embed_hidden_size": 768},
    "qwen2_5_omni_thinker": {"vision_start_token_id": 150, "vision_end_token_id": 151},
    "qwen2_5_omni_vision_encoder": _WINDOWED,
    "qwen2_5_vl_vision": _WINDOWED,
    "ernie4_5_vl_moe_text": {"rope_parameters": {**_ROPE, "mrope_section": [3, 3, 2]}},
    "exaone4_5_vision": _WINDOWED,
    "qwen3_omni_moe_talker_text": {"shared_expert_intermediate_size": 64},
    "qwen3_omni_moe_thinker": {"vision_start_token_id": 150, "vision_end_token_id": 151},
    "recurrent_gemma": {"block_types": ["recurrent", "attention"]},
    "reformer": {"axial_pos_embds_dim": [16, 48], "axial_pos_shape": [8, 8], "attn_layers": ["local", "lsh"]},
    "sam2_hiera_det_model": {"hidden_size": 96},
    "sam_hq_vision_model": {"output_channels": 64, "num_pos_feats": 32},
    "sam_prompt_encoder": {"image_embedding_size": 4},
    "sam_hq_prompt_encoder": {"image_embedding_size": 4},
    "sam_vision_model": {"output_channels": 64, "num_pos_feats": 32},
    "shieldgemma2": {"yes_token_index": 10, "no_token_index": 11},
    "step3p5": {"sliding_window": 8},
    "t5gemma2_decoder": {"dropout_rate": 0.0},
    "t5gemma2_text": {"dropout_rate": 0.0},
    "table-transformer": _DETR,
    "time_series_transformer": _SERIES,
    "xmod": {"default_language": "en_XX"},
    "zamba": {"num_hidden_layers": 5, "hybrid_layer_ids": [1, 3]},
}
"""Settings of configurations. A pair (type, settings) stands for a nested one, a dotted name for a setting in one."""

_PAST = {"past_values": [1, 19], "past_time_features": [1, 19, 1], "past_observed_mask": (1, 2, 1, 19)}
_FUTURE = {"future_values": [1, 8], "future_time_features": [1, 8, 1]}
_GLUE = {"pixel_values": [1, 2, 3, 64, 64]}

INPUTS: dict[str, dict[str, Any]] = {
    "autoformer": {**_PAST, **_FUTURE},
    "blip-2": {"input_ids": {"values": [[150] * 32 + list(range(7, 17))]}},
    "bridgetower_vision_model": {"image": [1, 3, 64, 64]},
    "decision_transformer": {
        "states": [1, 5, 17],
        "actions": [1, 5, 4],
        "rewards": [1, 5, 1],
        "returns_to_go": [1, 5, 1],
        "timesteps": (0, 5, 1, 5),
        "attention_mask": (1, 2, 1, 5),
    },
    "dia": {"decoder_input_ids": (5, 100, 1, 9, 9)},
    "dia_decoder": {"input_ids": (5, 100, 1, 9, 9), "attention_mask": None},
    "fun_asr_nano_encoder": {"input_features": [1, 64, 560], "input_features_mask": (1, 2, 1, 64)},
    "gemma4_audio": {"input_features": [1, 64, 128]},
    "gemma4_vision": {
        "pixel_values": [1, 16, 768],
        "pixel_position_ids": {"values": [[[row, column] for row in range(4) for column in range(4)]]},
    },
    "granite_speech5_ctc": {"input_features": [1, 32, 320]},
    "granite_speech5_encoder": {"input_features": [1, 32, 320]},
    "informer": {**_PAST, **_FUTURE},
    "lightglue": _GLUE,
    "lxmert": {"visual_feats": [1, 6, 64], "visual_pos": [1, 6, 4]},
    "minicpm_ocr_vision": {"pixel_values": [1, 3, 16, 256], "target_sizes": {"values": [[4, 4]]}},
    "minicpmv4_6_vision": {"pixel_values": [1, 3, 16, 256], "target_sizes": {"values": [[4, 4]]}},
    "minicpmv4_7_vision": {"pixel_values": [1, 3, 16, 256], "target_sizes": {"values": [[4, 4]]}},
    "mllama_vision_model": {
        "pixel_values": [1, 1, 4, 3, 56, 56],
        "aspect_ratio_ids": (1, 2, 1, 1),
        "aspect_ratio_mask": (1, 2, 1, 1, 4),
    },
    "molmo2_vision": {"pixel_values": [1, 256, 588]},
    "moshi_depth": {"input_ids": (5, 100, 1, 4), "last_hidden_state": [1, 4, 64], "attention_mask": None},
    "musicgen_decoder": {"input_ids": (5, 100, 4, 9), "attention_mask": None},
    "musicgen_melody_decoder": {"input_ids": (5, 100, 4, 9), "attention_mask": None},
    "patchtsmixer": {"past_values": [1, 32, 1]},
    "patchtst": {"past_values": [1, 32, 1]},
    "perceiver": {"inputs": [1, 20, 64]},
    "phi4_multimodal_audio": {"hidden_states": [1, 64, 80], "mask": (1, 2, 1, 64)},
    "qwen3_asr_encoder": {"input_features": [1, 128, 100], "input_features_mask": (1, 2, 1, 100)},
    "siglip2": {
        "pixel_values": [1, 16, 768],
        "pixel_attention_mask": (1, 2, 1, 16),
        "spatial_shapes": {"values": [[4, 4]]},
    },
    "siglip2_vision_model": {
        "pixel_values": [1, 16, 768],
        "pixel_attention_mask": (1, 2, 1, 16),
        "spatial_shapes": {"values": [[4, 4]]},
    },
    "speech-encoder-decoder": {"inputs": None, "input_values": [1, 1600]},
    "superglue": _GLUE,
    "vit_mae": {"noise": [1, 16]},
    "voxtral_realtime_text": {"t_cond": [1, 64]},
    "xclip_vision_model": {"pixel_values": [8, 3, 128, 128]},
    "time_series_transformer": {**_PAST, **_FUTURE},
}
"""Inputs of a forward: a list is the shape of random numbers, a tuple (low, high, *shape) of random whole ones, a
mapping holds values; None leaves the input out."""

_BLOCKS = "maps of blocks of queries, [batch, heads or blocks, ..., queries, keys]"
_POINTS = "weights of a few sampled points of the picture, not of tokens"
_NAN = "not a number in every row, under eager attention"
_OUTPUT = "what the attention returned, not its weights"
_SERIES_PARTS = "auto-correlation of a series at its lags, no weights of tokens"

NO_MAPS: dict[str, str] = {
    "autoformer": _SERIES_PARTS,
    "deformable_detr": _POINTS,
    "florence_vision": _OUTPUT,
    "gemma4_audio": _BLOCKS,
    "granite_speech_encoder": _OUTPUT,
    "granite_speech_plus_encoder": _OUTPUT,
    "groupvit": "which group a patch is assigned to: each patch's column sums to 1, not the rows",
    "groupvit_vision_model": "which group a patch is assigned to: each patch's column sums to 1, not the rows",
    "hiera": _BLOCKS,
    "longt5": _BLOCKS,
    "minimax": "the state of linear attention, [head width, head width]",
    "nemotron3_5_asr": _NAN,
    "nemotron_asr_streaming": _NAN,
    "nemotron_asr_streaming_encoder": _NAN,
    "prophetnet": "scores before the softmax, or maps of n-gram streams",
    "rf_detr": _POINTS,
    "rt_detr": _POINTS,
    "rwkv": "the output of the recurrence, [batch, tokens, width]",
    "sam": "the mask decoder returns its layers' outputs",
    "sam2_hiera_det_model": _OUTPUT,
    "sam2_vision_model": _OUTPUT,
    "sam_hq": "the mask decoder returns its layers' outputs",
    "slanet": "attention of a recurrent decoder, one row a step",
    "slanext": "attention of a recurrent decoder, one row a step",
    "squeezebert": "scores before the softmax",
    "t5gemma2": "the part that falls to the decoder's own tokens of one map over both; the whole is compared",
    "yoso": "estimated outputs, [batch, tokens, width]",
}
"""Why what a type returns under the name of attentions is no attention map."""
