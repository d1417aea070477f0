-- A token ends with whoever made it, a person or another token: by their id, which no two share as they may share a name.
alter table "api_token" add column "made_by" text;
update "api_token" set "made_by" = "user"."id" from "user" where "user"."email" = "api_token"."created_by";
create index "api_token_made_by_idx" on "api_token" ("made_by");
