"""The words by which metrics, what is counted for them, and what is said of a part are known."""

import re

METRIC = re.compile(
    r"^(?!(?:plot|show|log|display|draw|print|save|write|add|set|track|record|report)_)\w*(psnr|ssim|lpips|fid|accuracy"
    r"|(?<![a-z])acc|mse|mae|rmse|iou|dice|f1|auc|auroc|peak_signal\w*|structural_similarity"
    r"|hausdorff|jaccard|chamfer|pesq|stoi|ndcg|perplexity|spearman\w*|pearson\w*|kendall\w*|agreement|hd95|si_sdr"
    r"|matthews_corrcoef|average_precision|classification_report|confusion_matrix|inception_score|brier_score"
    r"|(?<![a-z])(?:precision|recall|r2|bleu|rouge|wer|cer|error_rate|kappa|coverage|s?mape|abs_rel|mrr|mcc|eer"
    r"|sensitivity|specificity|reciprocal_rank|hit_?(?:rate|ratio)|success_rate|exact_match|f_?(?:score|measure|beta)"
    r"|concordance_index|c_?index|qwk|rmsle|mcrmse|log_loss|gini|lwlrap|meteor|chrf|cider|bert_?score"
    r"|edit_distance|levenshtein|brier|crps|pinball|mase|mpjpe|pck|nse|kge|ece|epe|calibration_error|point_error"
    r"|snr|sdr)|mean_(?:squared|absolute)_error)(s|_\w+)?$", re.I
)  # fmt: skip
SCORES = {"evaluate", "score", "metric", "metric_fn"}  # of Keras, scikit-learn, and what is handed in
LOSS = re.compile(r"loss|^crit(erion)?$", re.I)
COUNTED = re.compile(
    r"(^|_)(n_?)?(corrects?|hits?|right|good|scores?|metrics?|loss|losses|agree\w*|match(es|ed)?|errors?|errs?)(_|$)",
    re.I,
)
JUDGES = re.compile(r"_*(eval|evaluate|validate|validation|test)(_(?!step)|$)")  # what is worked out there is no loss
LOGGED = re.compile(r"(^|[/_ ])(val|valid|validation|test|eval)[/_ ]", re.I)
LABELLED = re.compile(
    r"\b((?:cv|oof) score|accuracy|acc|psnr|ssim|iou|dice|f1|auc|mae|rmse|mape|recall|precision|agreement|l1|mrr"
    r"|sensitivity|specificity|success rate|hit rate)\b",
    re.I,
)
SAYS_SO = re.compile(
    r"first|only|sampled|sample_|(?<!per)_samples?\b|[#'\"].*\bsamples?\b|subset|partial|preview|rough|at most"
    r"|\blast\b",
    re.I,
)
DESCRIBED = re.compile(
    r"\b(first|only|sub-?set|sub-?sampled?|a sample|partial|preview|rough|at most|last|half|quarter"
    r"|every \w+th|part)\b",
    re.I,
)
LOOKS = re.compile(r"preview|plot|visuali[sz]|draw|sanity|title|imshow|text$|figure|caption|debug", re.I)
