"""What the estimators for scikit-learn and sktime stand on: networks for rows and windows."""
