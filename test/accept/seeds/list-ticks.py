import boto3

s3 = boto3.client(
    's3',
    endpoint_url='http://localhost:8333',
    aws_access_key_id='test',
    aws_secret_access_key='test'
)

# List objects
response = s3.list_objects_v2(
    Bucket='trader2026',
    Prefix='lake/ticks/'
)

print(f"Found {response.get('KeyCount', 0)} objects")
for obj in response.get('Contents', []):
    print(f"  {obj['Key']}")
